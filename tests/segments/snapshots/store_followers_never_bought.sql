-- audience store_followers_never_bought; wechat_oa, marketing; as of 2026-11-21
WITH consented AS (
  SELECT
    one_id
  FROM customer.consent_state
  WHERE
    channel = 'wechat_oa' AND purpose = 'marketing'
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
        channel = 'wechat_oa' AND purpose = 'marketing' AND state IS DISTINCT FROM 'granted'
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
        channel = 'wechat_oa' AND purpose = 'marketing' AND state IS DISTINCT FROM 'granted'
    )
)
SELECT
  person.one_id,
  person.is_wecom_contact,
  person.is_member,
  person.first_seen_at,
  person.city
FROM customer.customer_360 AS person
WHERE
  (
    (
      person.is_wechat_oa_follower = TRUE OR person.is_wecom_contact = TRUE
    )
    AND person.n_orders = 0
    AND person.first_seen_at < CAST('2026-11-14 16:00:00' AS TIMESTAMP) /* end of the day 7 days before 2026-11-21 */
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
  person.first_seen_at DESC,
  person.one_id
