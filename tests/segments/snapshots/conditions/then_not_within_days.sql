SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    SELECT DISTINCT
      a.one_id
    FROM core.orders AS a
    WHERE
      a.is_valid
      AND a.ordered_date <= CAST('2026-11-21' AS DATE)
      AND a.order_key IN (
        SELECT DISTINCT
          a_line.order_key
        FROM core.order_lines AS a_line
        WHERE
          a_line.category IN ('water_purifier')
      )
      AND a.ordered_date + 365 <= CAST('2026-11-21' AS DATE)
      AND NOT EXISTS(
        SELECT
          1
        FROM core.orders AS b
        WHERE
          b.one_id = a.one_id
          AND b.ordered_at > a.ordered_at
          AND b.ordered_date <= a.ordered_date + 365
          AND b.is_valid
          AND b.ordered_date <= CAST('2026-11-21' AS DATE)
          AND b.order_key IN (
            SELECT DISTINCT
              b_line.order_key
            FROM core.order_lines AS b_line
            WHERE
              b_line.category = 'filter_cartridge'
          )
      )
      AND NOT a.one_id IS NULL
  )
