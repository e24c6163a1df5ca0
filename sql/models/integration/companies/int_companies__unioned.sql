{{ union_sources('companies') }}
