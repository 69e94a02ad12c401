//! `make bench`
fn main() {
    let _ = e2e::tenant::is_settled(&serde_json::json!({}));
}
