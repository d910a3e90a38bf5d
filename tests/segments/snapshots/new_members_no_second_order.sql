-- audience new_members_no_second_order; sms, marketing; as of 2026-11-21
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
  person.member_since_at,
  person.first_order_date,
  person.net_amount_cny,
  person.last_order_channel,
  person.city
FROM customer.customer_360 AS person
WHERE
  (
    person.is_member = TRUE
    AND (
      person.member_since_at >= CAST('2026-05-24 16:00:00' AS TIMESTAMP) /* start of the day 180 days before 2026-11-21 */
      AND person.member_since_at < CAST('2026-11-21 16:00:00' AS TIMESTAMP) /* end of the day 0 days before 2026-11-21 */
    )
    AND person.n_purchases = 1
    AND person.last_order_date <= CAST('2026-11-07' AS DATE) /* 14 days before 2026-11-21 */
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
  person.member_since_at DESC,
  person.one_id
