-- The past in one line, as table macros of the published warehouse.
--   from stage_on(date '2026-06-01')                          everyone's lifecycle stage that day
--   from stage_on(date '2026-06-01', 'water_heater')          the same within a category
--   from stage_flow(date '2025-12-31', date '2026-06-30')     who went from which stage to which
--   from tag_on(date '2026-06-01') where tag = 'vip_tier'       who had which tag
create or replace macro stage_on(day) as table (
    select one_id, stage, stage_zh, valid_from, valid_to
    from customer.stage_history
    where scope = 'all' and cast(day as date) between valid_from and coalesce(valid_to, cast(day as date))
        and cast(day as date) <= (select max(as_of_date) from customer.customer_360)
), (day, product_category) as table (
    select one_id, stage, stage_zh, valid_from, valid_to
    from customer.stage_history
    where scope = 'category' and category = product_category
        and cast(day as date) between valid_from and coalesce(valid_to, cast(day as date))
        and cast(day as date) <= (select max(as_of_date) from customer.customer_360)
);

create or replace macro stage_flow(first_day, last_day) as table (
    with began as (select one_id, stage from stage_on(first_day)),
    ended as (select one_id, stage from stage_on(last_day)),
    spent as (
        select one_id, sum(net_amount_cny) as net_amount_cny
        from customer.purchase_day
        where purchase_date > cast(first_day as date) and purchase_date <= cast(last_day as date)
        group by one_id
    ),
    moved as (
        select
            coalesce(began.stage, 'none') as from_stage,
            coalesce(ended.stage, 'none') as to_stage,
            count(*) as n_people,
            round(coalesce(sum(spent.net_amount_cny), 0), 2) as net_amount_cny
        from began
        full join ended using (one_id)
        left join spent using (one_id)
        group by all
    )
    select
        from_stage, to_stage, n_people,
        round(n_people / sum(n_people) over (partition by from_stage), 4) as from_share,
        net_amount_cny
    from moved
    order by from_stage, to_stage
);

create or replace macro tag_on(day) as table (
    select one_id, tag, value, valid_from, valid_to
    from customer.tag_history
    where cast(day as date) between valid_from and coalesce(valid_to, cast(day as date))
        and cast(day as date) <= (select max(observed_date) from customer.tag_observation)
);
