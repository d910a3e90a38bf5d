with

final as (
    select
        as_of_date,
        model_run,
        gate,
        backtest
    from {{ source('profiles', 'value_model') }}
)

select * from final
