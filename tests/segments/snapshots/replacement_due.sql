-- audience replacement_due; sms, marketing; as of 2026-11-21
WITH consented AS (
  SELECT
    one_id
  FROM customer.consent_state
  WHERE
    channel = 'sms' AND purpose = 'marketing'
  GROUP BY
    one_id
  HAVING
    BOOL_AND(state IS NOT DISTINCT FROM 'granted')
), doubtful AS (
  SELECT
    one_id_a AS one_id
  FROM identity.review_item
  WHERE
    holds_export
  UNION
  SELECT
    one_id_a AS one_id
  FROM identity.review_item
  WHERE
    kind = 'pair'
    AND one_id_b IN (
      SELECT
        one_id
      FROM customer.consent_state
      WHERE
        channel = 'sms' AND purpose = 'marketing' AND state IS DISTINCT FROM 'granted'
    )
  UNION
  SELECT
    one_id_b AS one_id
  FROM identity.review_item
  WHERE
    kind = 'pair'
    AND one_id_a IN (
      SELECT
        one_id
      FROM customer.consent_state
      WHERE
        channel = 'sms' AND purpose = 'marketing' AND state IS DISTINCT FROM 'granted'
    )
)
SELECT
  person.one_id,
  person.n_devices,
  person.last_order_date,
  person.n_tickets,
  person.preferred_store_id,
  person.province,
  person.city
FROM customer.customer_360 AS person
WHERE
  (
    person.one_id IN (
      SELECT DISTINCT
        d.one_id
      FROM customer.durable AS d
      WHERE
        d.status IN ('window', 'overdue') AND NOT d.one_id IS NULL
    )
    OR (
      person.one_id IN (
        SELECT DISTINCT
          l.one_id
        FROM core.order_lines AS l
        WHERE
          l.is_valid
          AND l.category IN ('filter_cartridge', 'toilet_filter')
          AND l.ordered_date <= CAST('2026-11-21' AS DATE)
          AND (
            l.ordered_date >= CAST('2025-05-30' AS DATE) /* 540 days before 2026-11-21 */
            AND l.ordered_date <= CAST('2026-05-25' AS DATE) /* 180 days before 2026-11-21 */
          )
          AND NOT l.one_id IS NULL
      )
      AND NOT person.one_id IN (
        SELECT DISTINCT
          l.one_id
        FROM core.order_lines AS l
        WHERE
          l.is_valid
          AND l.category IN ('filter_cartridge', 'toilet_filter')
          AND l.ordered_date <= CAST('2026-11-21' AS DATE)
          AND l.ordered_date >= CAST('2026-05-26' AS DATE) /* 179 days before 2026-11-21 */
          AND NOT l.one_id IS NULL
      )
    )
  )
  AND person.one_id IN (
    SELECT
      one_id
    FROM consented
  )
  AND NOT person.one_id IN (
    SELECT
      one_id
    FROM doubtful
  )
ORDER BY
  person.last_order_date ASC,
  person.one_id
