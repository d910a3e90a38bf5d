SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    SELECT DISTINCT
      a.one_id
    FROM core.events AS a
    WHERE
      a.type = 'scan'
      AND a.event_date <= CAST('2026-11-21' AS DATE)
      AND EXISTS(
        SELECT
          1
        FROM core.orders AS b
        WHERE
          b.one_id = a.one_id
          AND b.ordered_at > a.event_at
          AND b.ordered_date <= a.event_date + 30
          AND b.is_valid
          AND b.channel = 'store'
          AND b.ordered_date <= CAST('2026-11-21' AS DATE)
      )
      AND NOT a.one_id IS NULL
  )
