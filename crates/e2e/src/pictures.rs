//! Pictures, made here.

use std::io::Cursor;

use egress::{Body, Method};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use url::Url;

use crate::{Tenant, tenant::id};

/// A PNG of this size with a pattern that no compression makes vanish.
///
/// # Panics
/// Never: it is written to memory.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let shade = |value: u32| u8::try_from(value % 256).unwrap_or(0);
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([shade(x * 7), shade(y * 5), shade(x * y)]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a PNG in memory");
    bytes.into_inner()
}

/// Uploads a PNG, and returns what can be attached to posts.
///
/// # Panics
/// When it is not taken.
pub async fn upload(tenant: &Tenant, picture: Vec<u8>) -> Value {
    let body = json!({"filename": "a.png", "content_type": "image/png", "size": picture.len()});
    let announced = tenant.caller.post("/v1/media", body).await.expect(201);
    let at: Url = announced["upload_url"].as_str().and_then(|url| url.parse().ok()).expect("a link");
    let way = format!("{}?{}", at.path(), at.query().unwrap_or_default());
    let headers = [("content-type", "image/png")];
    let put = tenant.caller.try_call(Method::PUT, &way, Body::Bytes(picture.into()), &headers).await;
    let put = put.expect("an answer");
    assert!(matches!(put.status, 200 | 201 | 204), "{}", put.text);
    tenant.caller.poke(&format!("/v1/media/{}/confirm", id(&announced))).await.expect(200)
}
