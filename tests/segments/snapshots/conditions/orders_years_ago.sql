SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    SELECT DISTINCT
      l.one_id
    FROM core.order_lines AS l
    WHERE
      l.is_valid
      AND l.category = 'water_heater'
      AND l.ordered_date <= CAST('2026-11-21' AS DATE)
      AND (
        l.ordered_date >= CAST('2018-11-21' AS DATE) /* 8 years before 2026-11-21 */
        AND l.ordered_date <= CAST('2021-11-21' AS DATE) /* 5 years before 2026-11-21 */
      )
      AND NOT l.one_id IS NULL
  )
