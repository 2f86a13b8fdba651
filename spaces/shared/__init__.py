"""What spaces share; spaces of other packages may use it as well."""
