with recursive

edge as (
    select * from {{ ref('int_referral_edge') }}
),

-- from each person up the chain, keeping the newest link passed; who comes back to themselves is in a circle
climb as (
    select
        one_id as start_one_id,
        referrer_one_id as at_one_id,
        brought_at as newest_at,
        one_id as newest_one_id,
        1 as n_links
    from edge
    union all
    select
        climb.start_one_id,
        edge.referrer_one_id as at_one_id,
        greatest(climb.newest_at, edge.brought_at) as newest_at,
        case
            when (edge.brought_at, edge.one_id) > (climb.newest_at, climb.newest_one_id) then edge.one_id
            else climb.newest_one_id
        end as newest_one_id,
        climb.n_links + 1 as n_links
    from climb
    inner join edge on climb.at_one_id = edge.one_id
    where climb.at_one_id <> climb.start_one_id and climb.n_links < 100
),

-- the newest link of a circle is cut
kept as (
    select *
    from edge
    where one_id not in (
        select start_one_id from climb where at_one_id = start_one_id and newest_one_id = start_one_id
    )
),

below as (
    select
        referrer_one_id as top_one_id,
        one_id,
        1 as level_number
    from kept
    union all
    select
        below.top_one_id,
        kept.one_id,
        below.level_number + 1 as level_number
    from below
    inner join kept on below.one_id = kept.referrer_one_id
    where below.level_number < 100
),

bought as (
    select
        kept.one_id,
        sum(purchase_day.net_amount_cny) as net_amount_cny
    from kept
    inner join {{ ref('purchase_day') }} as purchase_day
        on kept.one_id = purchase_day.one_id
        and purchase_day.purchase_date >= kept.brought_date
    group by kept.one_id
),

summed as (
    select
        below.top_one_id as one_id,
        count(*) filter (where below.level_number = 1) as n_brought_level_1,
        count(*) filter (where below.level_number = 2) as n_brought_level_2,
        count(*) filter (where below.level_number = 3) as n_brought_level_3,
        count(*) as n_brought,
        count(bought.one_id) filter (where below.level_number = 1) as n_converted_level_1,
        count(bought.one_id) filter (where below.level_number = 2) as n_converted_level_2,
        count(bought.one_id) filter (where below.level_number = 3) as n_converted_level_3,
        count(bought.one_id) as n_converted,
        coalesce(sum(bought.net_amount_cny) filter (where below.level_number = 1), 0) as net_amount_level_1_cny,
        coalesce(sum(bought.net_amount_cny) filter (where below.level_number = 2), 0) as net_amount_level_2_cny,
        coalesce(sum(bought.net_amount_cny) filter (where below.level_number = 3), 0) as net_amount_level_3_cny,
        coalesce(sum(bought.net_amount_cny), 0) as net_amount_cny,
        max(below.level_number) as depth,
        min(kept.brought_at) filter (where below.level_number = 1) as first_brought_at,
        max(kept.brought_at) filter (where below.level_number = 1) as last_brought_at
    from below
    inner join kept on below.one_id = kept.one_id
    left join bought on below.one_id = bought.one_id
    group by below.top_one_id
),

final as (
    select
        summed.one_id,
        kept.referrer_one_id,
        summed.n_brought_level_1,
        summed.n_brought_level_2,
        summed.n_brought_level_3,
        summed.n_brought,
        summed.n_converted_level_1,
        summed.n_converted_level_2,
        summed.n_converted_level_3,
        summed.n_converted,
        round(summed.n_converted_level_1 / summed.n_brought_level_1, 4) as conversion_rate_level_1,
        round(summed.net_amount_level_1_cny, 2) as net_amount_level_1_cny,
        round(summed.net_amount_level_2_cny, 2) as net_amount_level_2_cny,
        round(summed.net_amount_level_3_cny, 2) as net_amount_level_3_cny,
        round(summed.net_amount_cny, 2) as net_amount_cny,
        summed.depth,
        summed.first_brought_at,
        summed.last_brought_at
    from summed
    left join kept on summed.one_id = kept.one_id
)

select * from final
