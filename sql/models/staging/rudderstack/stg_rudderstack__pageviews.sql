{{ event_stream_pageviews('rudderstack') }}
