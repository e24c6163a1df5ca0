{{ union_sources('invoices') }}
