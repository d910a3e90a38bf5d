SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.last_order_date >= CAST('2018-11-21' AS DATE) /* 8 years before 2026-11-21 */
  AND person.last_order_date <= CAST('2021-11-21' AS DATE) /* 5 years before 2026-11-21 */
