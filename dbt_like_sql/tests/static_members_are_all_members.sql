-- The cells of marts.member_static hold every member once.
select
    members.n_members,
    cells.n_members as n_in_cells
from (select count(*) as n_members from {{ ref('customer_360') }} where is_member) as members
cross join (select coalesce(sum(n_members), 0) as n_members from {{ ref('member_static') }}) as cells
where members.n_members <> cells.n_members
