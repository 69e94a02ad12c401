//! What `prost-build` makes of `protos/`, committed so that a build needs no generator. A test makes it again and
//! compares.

pub(crate) mod jobs {
    pub(crate) mod v1 {
        #![allow(unreachable_pub, missing_docs, clippy::doc_markdown, reason = "generated")]
        include!("fanfare.jobs.v1.rs");
    }
}
