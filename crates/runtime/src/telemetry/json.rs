//! A log line as one flat JSON object, so that a search for a `trace_id` finds it at the top level.

use std::{fmt, io::Write as _};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use crate::clock::Clock;

/// Writes each event with `timestamp`, `level`, `service`, `target`, its own fields and those of the spans around it.
/// Of two fields with one name the innermost stays.
pub(super) struct JsonLines<W, C> {
    service: &'static str,
    writer: W,
    clock: C,
}

impl<W, C> JsonLines<W, C> {
    pub(super) fn new(service: &'static str, writer: W, clock: C) -> Self {
        Self { service, writer, clock }
    }
}

impl<S, W, C> Layer<S> for JsonLines<W, C>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
    C: Clock + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            line.take_over(&span);
        }
        event.record(&mut line);
        let meta = event.metadata();
        let mut line = line.0;
        for (key, value) in [
            ("timestamp", self.clock.now().to_string()),
            ("level", meta.level().as_str().to_ascii_lowercase()),
            ("service", self.service.to_owned()),
            ("target", meta.target().to_owned()),
        ] {
            line.insert(key.to_owned(), Value::String(value));
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // A log that cannot be written has nowhere to say so.
        let _ = self.writer.make_writer_for(meta).write_all(text.as_bytes());
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn take_over<'a, S: LookupSpan<'a>>(&mut self, span: &SpanRef<'a, S>) {
        if let Some(fields) = span.extensions().get::<Self>() {
            self.0.extend(fields.0.clone());
        }
    }

    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(deeper) = cause {
            text.push_str(": ");
            text.push_str(&deeper.to_string());
            cause = deeper.source();
        }
        self.put(field, text);
    }
}
