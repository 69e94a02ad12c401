fn main() { println!("{}", gateway::openapi().to_pretty_json().unwrap()); }
