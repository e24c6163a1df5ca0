fn main() { println!("{}", headwater::datafusion::DATAFUSION_VERSION); }
