//! The services as a program: `HEADWATER_SERVE=7700 cargo test --test it sync::serve -- --nocapture` starts them on
//! that port and the next ones, until it is interrupted. `GET /__state` of each says what it knows. The token of all
//! of them is `secret-TOKEN`; the ad account is `act_77`.

use super::server::{Server, World};
use super::stage::meta;
use super::worlds::events::Events;
use super::worlds::hubspot::HubSpot;
use super::worlds::intercom::Intercom;
use super::worlds::webhook::Webhook;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services() {
    let Some(first) = std::env::var_os("HEADWATER_SERVE") else {
        return;
    };
    let first: u16 = first
        .to_str()
        .and_then(|port| port.parse().ok())
        .expect("HEADWATER_SERVE is a port");
    let worlds: [(&str, Box<dyn World>); 6] = [
        ("intercom", Box::new(Intercom::default())),
        ("facebook_custom_audience", meta()),
        ("hubspot", Box::new(HubSpot::default())),
        ("segment", Box::new(Events::segment())),
        ("rudderstack", Box::new(Events::rudderstack())),
        ("webhook", Box::new(Webhook::default())),
    ];
    let mut servers = Vec::new();
    for ((name, world), port) in worlds.into_iter().zip(first..) {
        let server = Server::start_on(port, world).await;
        eprintln!("{name}: {}", server.url);
        servers.push(server);
    }
    tokio::signal::ctrl_c().await.unwrap();
}
