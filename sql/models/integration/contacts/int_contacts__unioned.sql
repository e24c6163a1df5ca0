{{ union_sources('contacts') }}
