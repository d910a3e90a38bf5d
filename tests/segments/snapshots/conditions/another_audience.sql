SELECT
  person.one_id
FROM customer.customer_360 AS person
WHERE
  NOT (
    person.lifecycle_stage IN ('silent')
    AND person.m_score >= 4
    AND NOT EXISTS(
      SELECT
        1
      FROM core.events AS e
      WHERE
        e.one_id = person.one_id
        AND e.type = 'ticket_opened'
        AND e.event_date <= CAST('2026-11-21' AS DATE)
        AND e.event_date >= CAST('2026-10-22' AS DATE) /* 30 days before 2026-11-21 */
    )
  ) /* audience silent_high_value */ IS TRUE
