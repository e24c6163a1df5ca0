{{ union_sources('issues') }}
