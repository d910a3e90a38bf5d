SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  person.one_id IN (
    SELECT DISTINCT
      t.one_id
    FROM customer.tag_history AS t
    WHERE
      t.tag = 'vip_tier'
      AND t.value IN ('gold', 'platinum')
      AND t.valid_from <= CAST('2026-06-01' AS DATE)
      AND (
        t.valid_to >= CAST('2026-06-01' AS DATE) OR t.valid_to IS NULL
      )
      AND NOT t.one_id IS NULL
  )
