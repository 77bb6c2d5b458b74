INSERT INTO olist_meta.platform_status (kind, layer, resource, name, state, severity, hours, since, as_of)
VALUES (%(kind)s, %(layer)s, %(resource)s, %(name)s, %(state)s, %(severity)s, %(hours)s, %(since)s, %(as_of)s)
