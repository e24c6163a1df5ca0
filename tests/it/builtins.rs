//! The macros that come with Headwater write SQL that its engine understands.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeMap;

use headwater::engine::arrow::array::RecordBatch;
use headwater::engine::arrow::util::display::{ArrayFormatter, FormatOptions};
use headwater::engine::{Engine, EngineSettings, Scope, SeedOptions};
use headwater::jinja::{RenderUnit, Renderer};
use headwater::names::RelationName;
use headwater::project::node::GenericTest;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::render::Case;

const ORDERS: &str = "\
order_id,email,size,amount,is_new,ordered_at,url
1,ada@example.com,S,10.0,true,2024-01-31 10:00:00,https://example.com/a/b?utm_source=mail&x=1
2,grace@example.com,M,,false,2024-02-29 23:59:00,http://example.org
3,,S,7.5,true,2024-03-01 00:01:00,
";

struct Bench {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    scope: Scope,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = EngineSettings {
            threads: 2,
            memory_limit_bytes: Some(256 << 20),
            temp_directory: folder.path().join("spill"),
            settings: IndexMap::new(),
            as_of: "2024-03-02T00:00:00Z".parse().unwrap(),
            environment: BTreeMap::new(),
        };
        let engine = Engine::new(settings).unwrap();
        let mut scope = Scope::new("db", "main");
        for name in ["orders", "others"] {
            let seed = engine.csv_seed(ORDERS, &SeedOptions::default()).unwrap();
            scope.insert(RelationName::new("db", "main", name), seed);
        }
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            engine,
            scope,
            _folder: folder,
        }
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        let failed = |fault: headwater::engine::SqlFault| -> Vec<RecordBatch> { panic!("{sql}\n{fault:?}") };
        let query = self.engine.plan(sql, &self.scope);
        let batches = match query {
            Ok(query) => self
                .runtime
                .block_on(self.engine.rows(&query, None))
                .unwrap_or_else(failed),
            Err(fault) => failed(fault),
        };
        batches.iter().flat_map(printed).collect()
    }
}

fn printed(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let cell = |column: &_, row| {
        ArrayFormatter::try_new(column, &options)
            .unwrap()
            .value(row)
            .to_string()
    };
    (0..batch.num_rows())
        .map(|row| {
            let cells: Vec<String> = batch.columns().iter().map(|column| cell(column, row)).collect();
            cells.join(" | ")
        })
        .collect()
}

fn case(template: &str) -> Case {
    let context = json!({
        "relations": {"orders": {
            "order_id": "bigint", "email": "varchar", "size": "varchar", "amount": "double", "is_new": "boolean",
            "ordered_at": "timestamp", "url": "varchar"
        }},
        "results": {"distinct": {"columns": {"value": "varchar"}, "rows": []}}
    });
    Case::parse(&format!("{context}\n---\n{template}"))
}

fn renderer(case: &Case) -> Renderer {
    case.renderer().0
}

/// Renders an expression over the orders and compares what it gives, order by order.
fn check(expression: &str, expected: &[&str]) {
    let case = case(&format!(
        "select {expression} as x from {{{{ ref('orders') }}}} order by order_id"
    ));
    let rendered = renderer(&case).render(&RenderUnit::new(&case.template, "shop"), &case.world());
    let sql = rendered
        .unwrap_or_else(|fault| panic!("{expression}: {fault:?}"))
        .sql;
    assert_eq!(Bench::new().rows(&sql), expected, "{sql}");
}

/// Renders a query and compares its rows.
fn check_query(template: &str, expected: &[&str]) {
    let case = case(template);
    let rendered = renderer(&case).render(&RenderUnit::new(&case.template, "shop"), &case.world());
    let sql = rendered
        .unwrap_or_else(|fault| panic!("{template}: {fault:?}"))
        .sql;
    assert_eq!(Bench::new().rows(&sql), expected, "{sql}");
}

/// How many rows a generic test gives over the orders.
fn faults(name: &str, kwargs: &Value) -> usize {
    let dbt_tests = ["unique", "not_null", "accepted_values", "relationships"];
    let case = case("{{ test() }}");
    let test = GenericTest {
        name: name.to_owned(),
        namespace: (!dbt_tests.contains(&name)).then(|| "dbt_utils".to_owned()),
        kwargs: kwargs.as_object().cloned().unwrap_or_else(Map::new),
        column_name: None,
        model: "ref('orders')".to_owned(),
        attached: "model.shop.orders".into(),
    };
    let unit = RenderUnit::new(&case.template, "shop");
    let rendered = renderer(&case).render_test(&test, &unit, &case.world());
    let sql = rendered.unwrap_or_else(|fault| panic!("{name}: {fault:?}")).sql;
    Bench::new().rows(&sql).len()
}

#[test]
fn dates_are_counted_and_moved() {
    check(
        "cast({{ dbt.dateadd('month', 1, 'ordered_at') }} as date)",
        &["2024-02-29", "2024-03-29", "2024-04-01"],
    );
    check(
        "{{ dbt.datediff('ordered_at', \"timestamp '2024-03-01 12:00:00'\", 'day') }}",
        &["30", "1", "0"],
    );
    check(
        "{{ dbt.last_day('ordered_at', 'month') }}",
        &["2024-01-31", "2024-02-29", "2024-03-31"],
    );
    check(
        "cast({{ dbt.date_trunc('quarter', 'ordered_at') }} as date)",
        &["2024-01-01"; 3],
    );
    check("{{ dbt.date(2024, 2, 9) }}", &["2024-02-09"; 3]);
    check("{{ dbt.current_timestamp() }}", &["2024-03-02T00:00:00"; 3]);
}

#[test]
fn texts_are_joined_and_cut() {
    check(
        "{{ dbt.concat(['size', \"'-'\", 'cast(order_id as varchar)']) }}",
        &["S-1", "M-2", "S-3"],
    );
    check(
        "{{ dbt.split_part('email', \"'@'\", -1) }}",
        &["example.com", "example.com", "-"],
    );
    check("{{ dbt.position(\"'@'\", 'email') }}", &["4", "6", "-"]);
    check("{{ dbt.right('email', 3) }}", &["com", "com", "-"]);
    check(
        "{{ dbt.length('size') }} + {{ dbt.safe_cast('size', dbt.type_int()) }}",
        &["-"; 3],
    );
    check("{{ dbt.hash('size') }} = md5(size)", &["true"; 3]);
    check(
        "{{ dbt.cast_bool_to_text('is_new') }}",
        &["true", "false", "true"],
    );
    check(
        "{{ dbt_utils.get_url_host('url') }}",
        &["example.com", "example.org", "-"],
    );
    check("{{ dbt_utils.get_url_path('url') }}", &["a/b", "", "-"]);
    check(
        "{{ dbt_utils.get_url_parameter('url', 'utm_source') }}",
        &["mail", "-", "-"],
    );
}

#[test]
fn numbers_keys_and_lists() {
    check(
        "{{ dbt_utils.safe_divide('amount', 'order_id - 1') }}",
        &["-", "-", "3.75"],
    );
    check(
        "{{ dbt_utils.safe_add(['amount', 'order_id']) }}",
        &["11.0", "2.0", "10.5"],
    );
    check(
        "{{ dbt_utils.width_bucket('amount', 0, 10, 5) }}",
        &["6", "-", "4"],
    );
    check(
        "{{ dbt_utils.generate_surrogate_key(['order_id', 'email']) }} = \
         md5(order_id || '-' || coalesce(email, '_dbt_utils_surrogate_key_null_'))",
        &["true"; 3],
    );
    check(
        "{{ dbt.array_append(dbt.array_construct([1, 2]), 3) }}",
        &["[1, 2, 3]"; 3],
    );
    check(
        "{{ dbt.array_concat(dbt.array_construct(), '[1]') }}",
        &["[1]"; 3],
    );
}

#[test]
fn groups_are_summed_up() {
    check_query(
        "select size, {{ dbt.listagg('order_id', \"'+'\", 'order by order_id desc') }} as ids,\n\
         {{ dbt.bool_or('is_new') }} as any_new, {{ dbt.any_value('is_new') }} as one,\n\
         {{ dbt_utils.pivot('size', ['S', 'M']) }}\n\
         from {{ ref('orders') }} {{ dbt_utils.group_by(1) }} order by 1",
        &["M | 2 | false | false | 0 | 1", "S | 3+1 | true | true | 2 | 0"],
    );
}

#[test]
fn relations_are_made() {
    check_query(
        "{{ dbt_utils.date_spine('month', \"cast('2024-01-15' as date)\", \"cast('2024-03-20' as date)\") }} order by 1",
        &["2024-01-15", "2024-02-15"],
    );
    check_query("{{ dbt.generate_series(3) }}", &["1", "2", "3"]);
    check_query(
        "select {{ dbt_utils.star(ref('orders'), except=['url', 'email', 'ordered_at', 'is_new']) }} from \
         ({{ dbt_utils.deduplicate(ref('orders'), 'size', 'order_id desc') }}) as latest order by 1",
        &["2 | M | -", "3 | S | 7.5"],
    );
    check_query(
        "select order_id, sum(amount) as amount from ({{ dbt_utils.union_relations([ref('orders'), ref('orders')]) }}) as u\n\
         group by 1 order by 1",
        &["1 | 20.0", "2 | -", "3 | 15.0"],
    );
    check_query(
        "select * from ({{ dbt_utils.unpivot(ref('orders'), exclude=['order_id'], \
         remove=['url', 'ordered_at', 'email', 'amount']) }}) as u order by 1, 2",
        &[
            "1 | is_new | true",
            "1 | size | S",
            "2 | is_new | false",
            "2 | size | M",
            "3 | is_new | true",
            "3 | size | S",
        ],
    );
}

#[test]
fn generic_tests_find_faults() {
    assert_eq!(faults("unique", &json!({"column_name": "size"})), 1);
    assert_eq!(faults("unique", &json!({"column_name": "order_id"})), 0);
    assert_eq!(faults("not_null", &json!({"column_name": "email"})), 1);
    assert_eq!(
        faults(
            "accepted_values",
            &json!({"column_name": "size", "values": ["S"]})
        ),
        1
    );
    assert_eq!(
        faults(
            "accepted_values",
            &json!({"column_name": "order_id", "values": [1, 2, 3], "quote": false})
        ),
        0
    );
    let to = json!({"column_name": "order_id", "to": "ref('others')", "field": "order_id + 1"});
    assert_eq!(faults("relationships", &to), 1);
}

#[test]
fn tests_of_dbt_utils_find_faults() {
    assert_eq!(faults("at_least_one", &json!({"column_name": "email"})), 0);
    assert_eq!(
        faults(
            "accepted_range",
            &json!({"column_name": "order_id", "min_value": 2})
        ),
        1
    );
    assert_eq!(
        faults("expression_is_true", &json!({"expression": "amount > 8"})),
        1
    );
    assert_eq!(
        faults(
            "expression_is_true",
            &json!({"expression": "< 3", "column_name": "order_id"})
        ),
        1
    );
    assert_eq!(
        faults(
            "unique_combination_of_columns",
            &json!({"combination_of_columns": ["size", "is_new"]})
        ),
        1
    );
    assert_eq!(
        faults(
            "not_null_proportion",
            &json!({"column_name": "email", "at_least": 0.9})
        ),
        1
    );
    assert_eq!(
        faults("equal_rowcount", &json!({"compare_model": "ref('others')"})),
        0
    );
    assert_eq!(
        faults("fewer_rows_than", &json!({"compare_model": "ref('others')"})),
        1
    );
    assert_eq!(
        faults(
            "recency",
            &json!({"field": "ordered_at", "datepart": "day", "interval": 3})
        ),
        0
    );
    assert_eq!(
        faults(
            "recency",
            &json!({"field": "ordered_at", "datepart": "hour", "interval": 3})
        ),
        1
    );
}

#[test]
fn tests_of_dbt_utils_compare_relations_and_rows() {
    let same = json!({"column_name": "size", "to": "ref('others')", "field": "size"});
    assert_eq!(faults("cardinality_equality", &same), 0);
    let some = json!({"column_name": "order_id", "to": "ref('others')", "field": "order_id", "to_condition": "is_new"});
    assert_eq!(faults("relationships_where", &some), 1);
    assert_eq!(
        faults("sequential_values", &json!({"column_name": "order_id"})),
        0
    );
    assert_eq!(
        faults(
            "sequential_values",
            &json!({"column_name": "ordered_at", "datepart": "day"})
        ),
        2
    );
    assert_eq!(faults("not_constant", &json!({"column_name": "size"})), 0);
    assert_eq!(faults("not_empty_string", &json!({"column_name": "size"})), 0);
    assert_eq!(
        faults(
            "not_accepted_values",
            &json!({"column_name": "size", "values": ["M"]})
        ),
        1
    );
    let ranges = json!({"lower_bound_column": "order_id", "upper_bound_column": "order_id + 2"});
    assert_eq!(faults("mutually_exclusive_ranges", &ranges), 2);
    assert_eq!(faults("equality", &json!({"compare_model": "ref('others')"})), 0);
}
