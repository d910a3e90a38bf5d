with

sale as (
    select * from {{ ref('int_sale') }}
),

final as (
    select 'channel' as unit_kind, channel as unit_code, * from sale
    union all
    select 'store' as unit_kind, store_code as unit_code, * from sale
    where store_code is not null
    union all
    select 'staff' as unit_kind, staff_code as unit_code, * from sale
    where staff_code is not null
    union all
    select 'partner' as unit_kind, partner_code as unit_code, * from sale
    where partner_code is not null
)

select * from final
