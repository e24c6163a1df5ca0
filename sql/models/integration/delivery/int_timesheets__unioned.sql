{{ union_sources('timesheets') }}
