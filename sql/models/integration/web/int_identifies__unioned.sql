{{ union_sources('identifies') }}
