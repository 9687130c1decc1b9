# admin-actions.ps1, version 1. What administrators did in Entra Connect, newest first.

function Get-BatonAdminActions {
    $filter = @{
        ProviderName = 'Entra Connect Admin Actions'
    }
    try {
        $events = @(Get-WinEvent -FilterHashtable $filter -MaxEvents 200)
    }
    catch {
        if ($_.FullyQualifiedErrorId -like 'NoMatchingEventsFound*') {
            return
        }
        throw
    }
    foreach ($event_record in $events) {
        [ordered] @{
            'ProviderName' = $event_record.ProviderName
            'Id' = $event_record.Id
            'TimeCreated' = Format-BatonValue -Value $event_record.TimeCreated
            'Message' = [string] $event_record.Message
        }
    }
}
