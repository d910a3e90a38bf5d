with

campaign as (
    select * from {{ ref('campaign') }}
),

named as (
    select campaign_code as alias, campaign_code from campaign
    union
    select campaign_name as alias, campaign_code from campaign
),

final as (
    select
        alias,
        any_value(campaign_code) as campaign_code
    from named
    where alias is not null
    group by alias
    -- two campaigns of one name cannot be told apart by it
    having count(distinct campaign_code) = 1
)

select * from final
