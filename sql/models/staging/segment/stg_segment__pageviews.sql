{{ event_stream_pageviews('segment') }}
