{{ union_sources('contact_merges') }}
