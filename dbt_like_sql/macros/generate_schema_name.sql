{#- Schema names as they stand, as this project's own runner does it. Read by dbt alone. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
