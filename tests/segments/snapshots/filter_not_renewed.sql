-- audience filter_not_renewed; sms, marketing; as of 2026-11-21
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
  person.preferred_store_id,
  person.province,
  person.city
FROM customer.customer_360 AS person
WHERE
  (
    person.one_id IN (
      SELECT DISTINCT
        a.one_id
      FROM core.orders AS a
      WHERE
        a.is_valid
        AND a.ordered_date <= CAST('2026-11-21' AS DATE)
        AND (
          a.ordered_date >= CAST('2018-11-21' AS DATE) /* 8 years before 2026-11-21 */
          AND a.ordered_date <= CAST('2026-11-21' AS DATE) /* 0 years before 2026-11-21 */
        )
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
                b_line.category IN ('filter_cartridge')
            )
        )
        AND NOT a.one_id IS NULL
    )
    AND NOT person.one_id IN (
      SELECT DISTINCT
        l.one_id
      FROM core.order_lines AS l
      WHERE
        l.is_valid
        AND l.category IN ('filter_cartridge')
        AND l.ordered_date <= CAST('2026-11-21' AS DATE)
        AND l.ordered_date >= CAST('2026-05-25' AS DATE) /* 180 days before 2026-11-21 */
        AND NOT l.one_id IS NULL
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
