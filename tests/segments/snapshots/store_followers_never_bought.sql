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
ORDER BY
  person.first_seen_at DESC,
  person.one_id
