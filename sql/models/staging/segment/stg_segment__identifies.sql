{{ event_stream_identifies('segment') }}
