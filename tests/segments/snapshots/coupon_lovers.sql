-- audience coupon_lovers; sms, marketing; as of 2026-11-21
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
  person.n_orders,
  person.coupon_order_share,
  person.discount_share,
  person.net_amount_cny,
  person.last_order_date
FROM customer.customer_360 AS person
WHERE
  (
    person.one_id IN (
      SELECT DISTINCT
        t.one_id
      FROM customer.tag AS t
      WHERE
        t.tag = 'coupon_lover' AND NOT t.one_id IS NULL
    )
    OR (
      person.n_orders >= 3 AND (
        person.coupon_order_share >= 0.5 OR person.discount_share >= 0.2
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
  person.discount_share DESC,
  person.one_id
