{{ union_sources('pageviews') }}
