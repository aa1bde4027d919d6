"""The values of people that imports stored to be undone."""

from convention.club.models import DirectoryImport, Person


def delete_imported_values(person: Person) -> None:
    """Delete what imports wrote about the person: undoing must not bring it back."""
    employment_keys = map(str, person.employments.values_list("pk", flat=True))
    row_keys = [("person", str(person.pk)), *(("employment", key) for key in employment_keys)]
    # JSON by key: there are few imports that can still be undone, so each is read.
    for record in DirectoryImport.objects.exclude(values_before={}):
        for kind, key in row_keys:
            for values in (record.values_before, record.values_after):
                values.get(kind, {}).pop(key, None)
        record.save(update_fields=["values_before", "values_after"])
