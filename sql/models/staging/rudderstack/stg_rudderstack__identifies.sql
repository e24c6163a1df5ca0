{{ event_stream_identifies('rudderstack') }}
