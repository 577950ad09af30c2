from imdb_site import cache, said, say, site, write_archive, write_index

__all__ = ["cache", "said", "say", "site", "write_archive", "write_index"]
