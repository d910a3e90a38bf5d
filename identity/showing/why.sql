-- Why records are one person, as table macros of the published warehouse.
--   from why('P3K7QW9ZT2M4A')          every edge of a person; a OneID that was merged leads to the one it became
--   from why('<record>', '<record>')   the shortest path of edges between two records of one person; no rows: two people
-- A record is named by its record_id, or by what its source calls it (natural_key).
create or replace macro why(person) as table (
    with asked as (
        select coalesce(merged_into, one_id) as one_id from identity.one_id where one_id = upper(person)
    )
    select
        row_number() over (
            order by
                list_position(['sure', 'scored', 'steady'], e.kind) nulls first,
                e.match_weight desc nulls first, e.record_a, e.role_a, e.record_b, e.role_b, e.rule
        ) as step,
        a.source as from_source, a.record_type as from_type, a.natural_key as from_key, e.role_a as from_role,
        b.source as to_source, b.record_type as to_type, b.natural_key as to_key, e.role_b as to_role,
        e.kind, e.rule, e.match_weight, e.words, e.words_zh, e.is_bridge, e.n_cut_off, e.evidence,
        e.record_a as from_record, e.record_b as to_record, e.one_id
    from identity.edge as e
    inner join identity.record_map as a on e.record_a = a.record_id and e.role_a = a.role
    inner join identity.record_map as b on e.record_b = b.record_id and e.role_b = b.role
    where e.one_id in (select one_id from asked)
    order by step
), (first_record, second_record) as table (
    with recursive ends as (
        select
            record_id || ' ' || role as node, one_id,
            first_record in (record_id, natural_key) as is_first,
            second_record in (record_id, natural_key) as is_second
        from identity.record_map
        where first_record in (record_id, natural_key) or second_record in (record_id, natural_key)
    ),
    shared as (
        select one_id from ends group by one_id having bool_or(is_first) and bool_or(is_second)
    ),
    starts as (select node from ends where is_first and one_id in (select one_id from shared)),
    goals as (select node from ends where is_second and one_id in (select one_id from shared)),
    -- What weighs against being one person is no way.
    held as (
        select * from identity.edge
        where one_id in (select one_id from shared) and kind <> 'doubtful' and coalesce(match_weight, 1) > 0
    ),
    ways as (
        select record_a as x_record, role_a as x_role, record_b as y_record, role_b as y_role,
            x_record || ' ' || x_role as x, y_record || ' ' || y_role as y, coalesce(match_weight, 1000) as strength,
            kind, rule, match_weight, words, words_zh, is_bridge, n_cut_off, evidence, one_id
        from held
        union all
        select record_b, role_b, record_a, role_a, record_b || ' ' || role_b, record_a || ' ' || role_a,
            coalesce(match_weight, 1000), kind, rule, match_weight, words, words_zh, is_bridge, n_cut_off, evidence,
            one_id
        from held
    ),
    -- All parties that are so many edges away from the first record, until the second is among them.
    walk(depth, node, is_there) as (
        select 0, node, node in (select node from goals) from starts
        union all
        select distinct
            walk.depth + 1, ways.y, bool_or(ways.y in (select node from goals)) over ()
        from walk
        inner join ways on ways.x = walk.node
        where not walk.is_there and walk.depth < 100
    ),
    path(depth, node, way) as (
        select depth, min(node), null::struct(x_record varchar, x_role varchar, y_record varchar, y_role varchar,
            kind varchar, rule varchar, match_weight double, words varchar, words_zh varchar, is_bridge boolean,
            n_cut_off bigint, evidence varchar, one_id varchar)
        from walk
        where is_there and node in (select node from goals)
        group by depth
        union all
        select before.depth, ways.x, {
            'x_record': ways.x_record, 'x_role': ways.x_role, 'y_record': ways.y_record, 'y_role': ways.y_role,
            'kind': ways.kind, 'rule': ways.rule, 'match_weight': ways.match_weight, 'words': ways.words,
            'words_zh': ways.words_zh, 'is_bridge': ways.is_bridge, 'n_cut_off': ways.n_cut_off,
            'evidence': ways.evidence, 'one_id': ways.one_id
        }
        from path
        inner join ways on ways.y = path.node
        inner join walk as before on before.node = ways.x and before.depth = path.depth - 1
        -- Of several ways back the strongest.
        qualify row_number() over (order by ways.strength desc, ways.x, ways.rule) = 1
    )
    select
        (p.depth + 1)::bigint as step,
        a.source as from_source, a.record_type as from_type, a.natural_key as from_key, p.way.x_role as from_role,
        b.source as to_source, b.record_type as to_type, b.natural_key as to_key, p.way.y_role as to_role,
        p.way.kind as kind, p.way.rule as rule, p.way.match_weight as match_weight, p.way.words as words,
        p.way.words_zh as words_zh, p.way.is_bridge as is_bridge, p.way.n_cut_off as n_cut_off,
        p.way.evidence as evidence, p.way.x_record as from_record, p.way.y_record as to_record,
        p.way.one_id as one_id
    from path as p
    inner join identity.record_map as a on p.way.x_record = a.record_id and p.way.x_role = a.role
    inner join identity.record_map as b on p.way.y_record = b.record_id and p.way.y_role = b.role
    order by step
);
