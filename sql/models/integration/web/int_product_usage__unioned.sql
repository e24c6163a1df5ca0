{{ union_sources('product_usage') }}
