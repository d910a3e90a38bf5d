SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  NOT (
    person.lifecycle_stage IN ('silent')
    AND person.m_score >= 4
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
