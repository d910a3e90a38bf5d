-- audience silent_full_price; sms, marketing; as of 2026-11-21
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
  person.net_amount_cny,
  person.coupon_order_share,
  person.last_order_date,
  person.last_order_channel,
  person.city
FROM customer.customer_360 AS person
WHERE
  (
    (
      person.lifecycle_stage IN ('silent')
      AND person.m_score >= 5
      AND NOT person.one_id IN (
        SELECT DISTINCT
          e.one_id
        FROM core.events AS e
        WHERE
          e.type = 'ticket_opened'
          AND e.event_date <= CAST('2026-11-21' AS DATE)
          AND e.event_date >= CAST('2026-10-22' AS DATE) /* 30 days before 2026-11-21 */
          AND NOT e.one_id IS NULL
      )
    ) /* audience silent_high_value */ IS TRUE
    AND NOT (
      (
        person.one_id IN (
          SELECT DISTINCT
            t.one_id
          FROM customer.tag AS t
          WHERE
            t.tag = 'coupon_lover' AND NOT t.one_id IS NULL
        )
        OR (
          person.n_orders >= 2 AND (
            person.coupon_order_share >= 0.5 OR person.discount_share >= 0.2
          )
        )
      )
    ) /* audience coupon_lovers */ IS TRUE
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
  person.net_amount_cny DESC,
  person.one_id
