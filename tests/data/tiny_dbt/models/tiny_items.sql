select version from {{ ref('tiny_orders') }}
